// Package validate holds AWS's offline validator over the golden templates
// (validate.mjs, run by make validate), what it found (findings.json), why each
// warning stays (reasons.json), and the test that every golden template was
// validated as it is.
package validate
