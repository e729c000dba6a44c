// The bucket's name came from the stack's outputs; a deployment without it is no deployment.
const bucket = process.env.BUCKET ?? "";

if (!/^[a-z0-9.-]{3,63}$/.test(bucket)) {
  console.error(`BUCKET is ${JSON.stringify(bucket)}, which is no bucket's name`);
  process.exit(1);
}
console.log(`the site is in ${bucket}`);
