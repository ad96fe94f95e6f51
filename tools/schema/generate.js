// Writes the resource schemas of resources.txt as compact JSON, one line per
// resource type and per nested shape. README.md tells how it is run; types.go
// beside the result describes the format.
const fs = require('fs');
const path = require('path');
const { loadAwsServiceSpecSync } = require('@aws-cdk/aws-service-spec');

const db = loadAwsServiceSpecSync();
const scalars = { string: 's', integer: 'i', number: 'n', boolean: 'b', json: 'j', 'date-time': 'd', tag: 't' };
const shapes = new Map();

function shapeKey(id) {
  if (!shapes.has(id)) {
    shapes.set(id, null); // shapes may hold themselves
    const s = db.get('typeDefinition', id);
    shapes.set(id, { name: s.name, props: properties(s.properties) });
  }
  return id;
}

function type(t) {
  switch (t.type) {
    case 'array': return { k: 'a', of: type(t.element) };
    case 'map': return { k: 'm', of: type(t.element) };
    case 'ref': return { k: 'r', ref: shapeKey(t.reference.$ref) };
    case 'union': return { k: 'u', any: t.types.map(type) };
    default: {
      const k = scalars[t.type];
      if (!k) throw new Error(`unknown type ${JSON.stringify(t)}`);
      return t.allowedValues ? { k, enum: t.allowedValues.map(String) } : { k };
    }
  }
}

function properties(all) {
  const out = {};
  for (const name of Object.keys(all).sort()) {
    const p = all[name];
    out[name] = { ...type(p.type), ...(p.required && { req: true }), ...(p.causesReplacement && p.causesReplacement !== 'no' && { repl: p.causesReplacement }) };
  }
  return out;
}

const names = fs.readFileSync(path.join(__dirname, 'resources.txt'), 'utf8').split('\n').filter(Boolean).sort();
const types = names.map((name) => {
  const found = db.lookup('resource', 'cloudFormationType', 'equals', name);
  if (found.length !== 1) throw new Error(`${name}: ${found.length} in the spec`);
  const r = found[0];
  return [name, {
    ...(r.tagInformation && { tags: r.tagInformation.tagPropertyName }),
    attrs: Object.keys(r.attributes).sort(),
    props: properties(r.properties),
  }];
});

const version = require('./package.json').dependencies['@aws-cdk/aws-service-spec'];
const line = ([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`;
const sorted = [...shapes.entries()].sort((a, b) => Number(a[0]) - Number(b[0]));
process.stdout.write(`{"source":"@aws-cdk/aws-service-spec ${version}",\n"types":{\n${types.map(line).join(',\n')}\n},\n"shapes":{\n${sorted.map(line).join(',\n')}\n}}\n`);
