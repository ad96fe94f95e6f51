package text

// What is said about the scans of images.
const (
	CardScan       ID = "card.scan"
	CardScanCount  ID = "card.scan.count"
	CardScanOne    ID = "card.scan.one"
	CardScanMore   ID = "card.scan.more"
	CardScanNone   ID = "card.scan.none"
	CardScanBefore ID = "card.scan.before"
)
