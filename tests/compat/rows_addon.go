// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package compat

var (
	notByThisVersion = Test{"internal/domain/addon/unsupported_test.go", "TestWhatIsNotSupportedIsRefused"}
	parts            = Test{"tests/e2e/parts_test.go", "TestAnnotatedStatefulSet"}
)

const ofItsOwn = "runs a command of its own, which is not supported by this version"

var addonRows = concat(
	taskRows("backupTasks[]"), taskRows("restoreTasks[]"),
	[]Row{
		refused("Function", "image", "has an image but no command, so the mover's own image would run; remove the image, or add a command",
			"function f has an image but no command", notByThisVersion),
		refused("Function", "command", ofItsOwn, `wantError: "dump"`, dataOf),
		refused("Function", "args", ofItsOwn, `wantError: "dump"`, dataOf),
		works("Function", "workingDir", everySetting),
		works("Function", "ports", everySetting),
		works("Function", "volumeMounts", everySetting),
		works("Function", "volumeDevices", everySetting),
		works("Function", "runtimeSettings", everySetting),
		works("Function", "availableVersions", notByThisVersion, "it is for people and changes nothing"),
	},
)

func taskRows(at string) []Row {
	const kind = "Addon"
	return []Row{
		works(kind, at+".name", Test{"internal/domain/addon/addon_test.go", "TestTaskName"}),
		works(kind, at+".function", Test{"internal/domain/addon/addon_test.go", "TestResolveErrors"}),
		{Kind: kind, Path: at + ".driver", Refused: "has the driver %s, which is not supported by this version",
			Seen: `wantError: "VolumeSnapshotter"`, Test: dataOf, Note: "Restic works"},
		{Kind: kind, Path: at + ".executor", Refused: "has the executor %s, which is not supported by this version; a Job can do it",
			Seen: "task t has the executor Sidecar, which is not supported by this version", Test: notByThisVersion, Note: "Job works"},
		works(kind, at+".singleton", parts, "a workload has one Job for each of its parts in any case"),
		works(kind, at+".parameters", addonResolve),
		works(kind, at+".volumeTemplate", addonResolve),
		works(kind, at+".volumeMounts", addonResolve),
	}
}
