// Fails where the service was deployed without an address.
if (!(process.env.ENDPOINT ?? "").startsWith("https://")) throw new Error("ENDPOINT is not an https address");
console.log(`${process.env.ENDPOINT} it is`);
