package conform_test

import (
	"slices"
	"testing"
)

// awsTable is the table of AWS, service by service.
func awsTable() []row[*cloud] {
	return slices.Concat(
		stsRows(), creationRows(), setRows(), stackRows(), permissionRows(),
		rolloutRows(), taskRows(), balancerRows(), registryRows(), parameterRows(), storeRows(), accessRows(),
		keyRows(), engineRows(), readRows(), shiftRows(),
	)
}

func TestAWS(t *testing.T) {
	t.Parallel()
	if *target == "aws" {
		sweep(openAWS(t))
	}
	run(t, awsTable(), openAWS, true)
}
