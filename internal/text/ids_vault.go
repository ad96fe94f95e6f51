package text

// What whoami says of Vault.
const (
	LabelVault       ID = "label.vault"
	ReplyWhoamiVault ID = "reply.whoami_vault"
)
