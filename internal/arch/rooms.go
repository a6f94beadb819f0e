// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package arch

// A wing is a side of the house.
type wing string

const (
	// hall is what both wings may enter. It enters neither.
	hall wing = "hall"
	// control decides, and talks to the API server.
	control wing = "control wing"
	// data moves bytes inside a pod.
	data wing = "data wing"
	// outside is for tests, which may look in at every window.
	outside wing = "tests"
)

// A room is a set of packages. Paths are relative to the module. In a pattern "*" is one path element, {a,b} are
// alternatives, and a "/**" at the end is the folder and all below.
type room struct {
	pattern string
	floor   int
	wing    wing
}

// rooms is the house. The first that matches a package is its room; a package without one is homeless.
var rooms = []room{
	{"api/**", 0, hall},
	{"config/crd", 0, hall},
	{"config/addons", 0, control},
	{"internal/engine", 0, hall},
	{leaves, 0, hall},

	// What becomes of a Snapshot is told by the operator, and by the mover where only a pod reaches the storage.
	{"internal/domain/snapshot", 1, hall},
	{"internal/domain/*", 1, control},
	{"internal/task", 1, hall},
	{"internal/backend/**", 1, hall},
	{"internal/engine/*", 1, data},

	{"internal/{kube,desired,validate}/**", 2, control},

	{"controllers/**", 3, control},
	{"internal/{webhook,cli}/**", 3, control},
	{"internal/mover/**", 3, data},

	{"cmd/mover", 4, data},
	{"cmd/*", 4, control},
	// What builds and checks the house but isn't part of it.
	{"{internal/arch,config/**}", 4, hall},

	{"tests/**", 5, outside},
}

// leaves are the rules that know nothing but their arguments. One of them reads an API value.
const (
	pureLeaves = "internal/domain/{naming,progress,queue,redact,retention,schedule,size,template}"
	leaves     = "{" + pureLeaves + ",internal/domain/usage}"
)

// A family may import on its own floor.
type family struct {
	from, to, reason string
}

var families = []family{
	{"api/{core,storage,addons}/*", "api/meta/*", "the groups share value types"},
	{"api/core/*", "api/{storage,addons}/*", "a configuration refers to storages and addons"},
	{"internal/domain/usage", "api/meta/*", "a second UsagePolicy beside the API's would be a second truth"},
	{"internal/backend/*", "internal/backend", "a member implements its port"},
	{"internal/backend/all", "internal/backend/*", "a list names its members"},
	{"internal/kube/*", "internal/kube", "a member builds on its port"},
	{"internal/kube/around", "internal/validate", "what validation asks for is read in one place, for webhooks and reconcilers"},
	{"internal/kube/source", "internal/kube/store", "opening a Repository begins with opening its BackupStorage"},
	{"internal/domain/*", "internal/domain/snapshot", "every life ends in snapshots, and reads them the same way"},
	{"internal/domain/*", "internal/domain/invoker", "whatever starts backups is read in one form"},
	{"internal/domain/session", "internal/domain/repository", "a session sums up the repositories that it wrote"},
	{"internal/domain/{session,restore}", "internal/domain/hook", "a session has hooks before and after its work"},
	{"controllers", "controllers/*/*", "a list names its members"},
	{"controllers/core/backupbatch", "controllers/core/backupconfiguration", "a batch is brought about as a configuration is"},
	{"internal/cli", "internal/cli/*", "a list names its members"},
	{"internal/cli/*", "internal/cli/printer", "all verbs print alike"},
	{"internal/mover/*", "internal/mover", "a member builds on its port"},
}

// lists name all members of a family. Who imports one gets all of it, so only these may.
var lists = []family{
	{"{cmd,tests}/**", "internal/backend/all", "a binary decides which stores it knows"},
	{"{cmd,tests}/**", "controllers", "a binary decides which controllers run"},
	{"{cmd,tests}/**", "internal/cli", "a binary decides which verbs it has"},
}

// A ban keeps an imported package, with all below it, out of rooms: out of all but only, or out of never.
type ban struct {
	imported    string
	only, never string
	rule        string
}

// bans are about direct imports, inside and outside the module. Test files are free of them.
var bans = []ban{
	{imported: "k8s.io/client-go", only: clients, rule: "only rooms that talk to the API server hold a client"},
	{imported: "sigs.k8s.io/controller-runtime", only: clients, rule: "only rooms that talk to the API server hold a client"},
	{imported: "k8s.io", never: "{" + pureLeaves + ",internal/engine/**}", rule: "leaves and the engine don't know Kubernetes"},
	{imported: "os/exec", only: "{internal/engine/*,internal/mover/**,cmd/**,tests/**,config/**}", rule: "only the data wing starts processes"},
	{imported: "log", never: "internal/domain/*", rule: "a pure rule has no logger"},
	{imported: "github.com/go-logr/logr", never: "internal/domain/*", rule: "a pure rule has no logger"},
	{imported: "sync", never: "internal/domain/*", rule: "a pure rule has no goroutine"},
	{imported: "math/rand", only: "{cmd,tests}/**", rule: "randomness is an argument"},
	{imported: "crypto/rand", only: "{cmd,tests}/**", rule: "randomness is an argument"},
}

const clients = "{internal/kube,internal/webhook,internal/cli,controllers,cmd,tests,config}/**"

// dataWingNever is what a binary of the data wing must not contain at all, however it would get in.
var dataWingNever = []string{"k8s.io/client-go", "sigs.k8s.io/controller-runtime"}
