// Package engineer is the engineer's side of a grant: what `bot access open ID`
// and `bot access test` do on their machine.
//
//	key of the grant (kept 0600) ──► `/bcn access open 1042 age1...`  in chat
//	                                          │
//	by chat:  sealed text, pasted back ◄──────┤
//	by HTTP:  challenge ──► answer ──► sealed ┘  (BCN_URL)
//	                                          │
//	          opened with the key ──► ecs:ExecuteCommand, ssm:StartSession,
//	          or a session that bcn opened ──► session-manager-plugin
//
// What is opened stays in memory: the sealed text alone is kept, for
// credential_process. Keys and tokens reach the plugin in its environment, which
// ps does not show, and no error names them. Nothing of the machine's own AWS
// configuration is used, so that a grant never works with other credentials
// than its own.
package engineer
