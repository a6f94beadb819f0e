// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package addon

import (
	corev1 "k8s.io/api/core/v1"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Direction says which of an Addon's two lists of tasks is meant.
type Direction string

const (
	// Backup looks a task up in spec.backupTasks.
	Backup Direction = "Backup"
	// Restore looks a task up in spec.restoreTasks.
	Restore Direction = "Restore"
)

// Request is what Resolve needs to know.
type Request struct {
	// Addon is the Addon that the session names.
	Addon *addonsv1alpha1.Addon
	// Functions holds Functions by name; the one of the task must be among them.
	Functions map[string]*addonsv1alpha1.Function
	// Direction chooses the list of tasks.
	Direction Direction
	// Task is the reference of the session. Its name may be an alias, such as LogicalBackup.
	Task corev1alpha1.TaskReference
	// Vars are the values for ${…} that the caller knows: namespace, backupSession, restoreSession, snapshot,
	// COMPONENT_NAME, POD_ORDINAL, PVC_NAME, DB_VERSION, imageRegistry and so on. The names of volumes
	// (INTERIM_VOLUME, RESTIC_CACHE_VOLUME) and the parameters are added by Resolve; a variable of Task wins over
	// a Vars entry, and a parameter over both.
	Vars map[string]string
}

// Plan is what a pod is to do, with every variable resolved.
type Plan struct {
	// Task is the canonical name of the task, and Driver what carries it out (never empty: Restic is the default).
	Task   string
	Driver metav1alpha1.Driver
	// Singleton is true when one Job serves the whole target, and false when each component has its own.
	Singleton bool
	// Function is the container that runs.
	Function Function
	// Params holds every parameter that the task knows and that has a value, given or default.
	Params map[string]string
	// UnknownParams are given parameters that the task doesn't know, sorted. They have no effect.
	UnknownParams []string
	// Paths, Exclude and Include are the comma-separated parameters of these names, split and trimmed. Empty
	// Paths means every mount of the target's volumes.
	Paths, Exclude, Include []string
	// ResticArgs is the parameter args of a task whose Function has neither command nor args, split into words.
	ResticArgs []string
	// EnableCache keeps restic's cache under ScratchDir; it defaults to true.
	EnableCache bool
	// ScratchDir is where the pod may write; never empty.
	ScratchDir string
	// OnReadError says what files mean that could not be read: OnReadErrorFail or OnReadErrorWarn.
	OnReadError string
	// Volumes are the task's volume templates, with the session's addonVolumes put in.
	Volumes []Volume
	// VolumeMounts are where the main container mounts Volumes.
	VolumeMounts []corev1.VolumeMount
}

// Function is the container of a Plan.
type Function struct {
	Name string
	// Image is empty when the Function names none: the mover's own image runs then.
	Image string
	// Command and Args are the producer of a backup's stream, or the consumer of a restore's. When both are empty
	// there is none, and the mover copies files.
	Command, Args []string
	WorkingDir    string
	// Env holds the Function's environment and then the task's variables, each name once.
	Env []corev1.EnvVar
	// VolumeMounts and VolumeDevices are the Function's own, on top of Plan.VolumeMounts.
	VolumeMounts  []corev1.VolumeMount
	VolumeDevices []corev1.VolumeDevice
	Ports         []corev1.ContainerPort
	// RuntimeSettings are the Function's defaults for the container; a session's own settings win over them.
	RuntimeSettings *metav1alpha1.ContainerRuntimeSettings
}

// Volume is one volume of the pod.
type Volume struct {
	Name string
	// Source is what the pod mounts; it is never empty. Its VolumeClaimTemplate, when set, asks for a claim to be
	// made for the pod's lifetime and goes before the rest.
	Source metav1alpha1.AddonVolumeSource
}

// What unreadable files mean for a backup: values of the parameter onReadError.
const (
	// OnReadErrorFail fails the component.
	OnReadErrorFail = "Fail"
	// OnReadErrorWarn keeps what could be read, with a condition that says so.
	OnReadErrorWarn = "Warn"
)

// The parameters that every task with the driver Restic may have.
const (
	ParamPaths       = "paths"
	ParamExclude     = "exclude"
	ParamInclude     = "include"
	ParamArgs        = "args"
	ParamEnableCache = "enableCache"
	ParamScratchDir  = "scratchDir"
	ParamOnReadError = "onReadError"
)
