// Runs AWS's offline validator over every golden template of the repository
// and stores what it found in findings.json, beside the SHA-256 of each
// template, so that `go test` notices a template that was not validated.
//
// FATAL and ERROR fail. A WARN fails unless reasons.json says why it stays; a
// reason that fits nothing fails too. INFO says what replaces a resource, and
// is left out.
//
// Usage: node validate.mjs [--check]
//   --check: change nothing; fail where findings.json is not what was found.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { CelEngine, TemplateFile, version } from "@aws/cloudformation-validate";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const stored = join(here, "findings.json");

// templates lists the golden templates: JSON below a testdata folder of
// internal/ that says it is one.
function templates(folder, inside = false) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return templates(path, inside || entry.name === "testdata");
      if (!inside || !entry.name.endsWith(".json")) return [];
      return readFileSync(path, "utf8").includes('"AWSTemplateFormatVersion"') ? [path] : [];
    });
}

function inspect(engine, path) {
  const report = engine.validateStandard(new TemplateFile(path));
  const findings = report.diagnostics
    .filter((d) => d.severity !== "INFO" && d.severity !== "DEBUG")
    .map((d) => ({
      severity: d.severity,
      rule: d.ruleId,
      resource: d.entity?.logicalId ?? "",
      type: d.entity?.resourceType ?? "",
      property: d.propertyPath ?? "",
      message: d.message,
    }));
  return {
    file: relative(root, path).split("\\").join("/"),
    sha256: createHash("sha256").update(readFileSync(path)).digest("hex"),
    findings: findings.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  };
}

function fits(reason, finding) {
  return reason.rule === finding.rule && reason.type === finding.type && finding.property.startsWith(reason.property ?? "");
}

const reasons = JSON.parse(readFileSync(join(here, "reasons.json"), "utf8"));
const used = new Set();
const faults = [];
const engine = new CelEngine();
const results = [];
try {
  for (const path of templates(join(root, "internal"))) results.push(inspect(engine, path));
} finally {
  engine.free();
}
if (results.length === 0) faults.push("there is no golden template");
for (const { file, findings } of results) {
  for (const f of findings) {
    const reason = f.severity === "WARN" ? reasons.findIndex((r) => fits(r, f)) : -1;
    if (reason < 0) faults.push(`${file}: ${f.severity} ${f.rule} ${f.resource} ${f.property}: ${f.message}`);
    else used.add(reason);
  }
}
reasons.forEach((r, i) => {
  if (!used.has(i)) faults.push(`reasons.json: nothing is found any more for ${r.rule} of ${r.type}`);
});

// One template a line: short to read in a diff.
const text =
  `{"validator": ${JSON.stringify(`@aws/cloudformation-validate ${version()}`)},\n"templates": [\n` +
  results.map((r) => JSON.stringify(r)).join(",\n") +
  "\n]}\n";
if (process.argv.includes("--check")) {
  if (readFileSync(stored, "utf8") !== text) faults.push("findings.json is not what was found: run make validate");
} else {
  writeFileSync(stored, text);
}
for (const fault of faults) console.error(fault);
console.log(`${results.length} templates, ${results.flatMap((r) => r.findings).length} warnings with a reason, ${faults.length} faults`);
process.exitCode = faults.length ? 1 : 0;
