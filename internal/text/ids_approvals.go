package text

// What is said of answers to a request.
const (
	CardVoided ID = "card.voided"
)
