// Fails where the service was deployed without an address.
if (!(process.env.URL ?? "").startsWith("https://")) throw new Error("URL is not an https address");
console.log(`${process.env.URL} it is`);
