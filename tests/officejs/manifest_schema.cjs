// What Microsoft's own tools say of a manifest, without the network: `node manifest_schema.cjs manifest.xml FOLDER`
// converts it to the unified form in FOLDER and holds that against its schema. One problem per line; none: nothing.

const { execFileSync } = require("node:child_process");
const { readFileSync } = require("node:fs");
const { dirname, join } = require("node:path");

const Ajv = require("ajv-draft-04");
const addFormats = require("ajv-formats");

const [manifest, folder] = process.argv.slice(2);
const converter = join(dirname(require.resolve("office-addin-manifest-converter/package.json")), "cli.js");
execFileSync(process.execPath, [converter, "convert", manifest, "-o", folder], { stdio: "inherit" });

const converted = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
const schemas = join(dirname(require.resolve("@microsoft/app-manifest/package.json")), "build/json-schemas/teams");
const schema = join(schemas, `v${converted.manifestVersion}`, "MicrosoftTeams.schema.json");
const ajv = new Ajv({ allErrors: true, strict: false });
addFormats(ajv);
const validate = ajv.compile(JSON.parse(readFileSync(schema, "utf8")));
if (!validate(converted)) {
  for (const { instancePath, message, params } of validate.errors) {
    console.log(`${instancePath} ${message} ${JSON.stringify(params)}`);
  }
}
