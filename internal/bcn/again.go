package bcn

import "slices"

// Repeats says that the same can be asked for once more as it was, by anybody
// whom the rules let: nothing of it was typed to confirm, or waited elsewhere.
func (k Kind) Repeats() bool {
	return k.Releases() || k.Access() || slices.Contains([]Kind{
		KindPlan, KindRun, KindHeritage, KindEndpoint, KindEndpointUpdate, KindEndpointDelete,
		KindDistrict, KindDistrictCreate, KindDistrictUpdate,
	}, k)
}

// Rewrites says that what was asked for can be shown as the command that asks
// for it, to be changed: nothing in it is hidden.
func (k Kind) Rewrites() bool {
	return k.Access() || slices.Contains([]Kind{
		KindDeploy, KindPlan, KindRollback, KindRestart, KindPromote, KindScale,
	}, k)
}
