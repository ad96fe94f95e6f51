package aws

// Sample is what Options.Sample puts in.
type Sample struct{}
