// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package addon

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"

	corev1 "k8s.io/api/core/v1"

	addonsv1alpha1 "kubestash.com/kubestash/api/addons/v1alpha1"
	corev1alpha1 "kubestash.com/kubestash/api/core/v1alpha1"
	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
	"kubestash.com/kubestash/internal/domain/template"
)

// Resolve makes a Plan. Its errors are *UnknownTaskError, *UnknownFunctionError, *ParameterError, and those of
// package template wrapped with the place where the ${…} stands.
func Resolve(request Request) (Plan, error) {
	task, function, plan, err := begin(request)
	if err != nil {
		return Plan{}, err
	}
	vars := variables(request, plan)
	if plan.Function, err = resolveFunction(function, request.Task.Variables, vars); err != nil {
		return Plan{}, err
	}
	if plan.Volumes, err = resolveVolumes(request, task.VolumeTemplate, vars); err != nil {
		return Plan{}, err
	}
	if plan.VolumeMounts, err = resolved(task.VolumeMounts, vars); err != nil {
		return Plan{}, fmt.Errorf("resolving volumeMounts of task %s of addon %s: %w", plan.Task, request.Addon.Name, err)
	}
	return plan, nil
}

// Check tells whether a task can be resolved, as far as that is known without the values for ${…}. Its errors are
// the typed ones of Resolve.
func Check(request Request) error {
	_, _, _, err := begin(request)
	return err
}

// TargetVolumes are the targetVolumes of the session with every ${…} resolved; nil when it names none.
func TargetVolumes(request Request) (*corev1alpha1.TargetVolumeInfo, error) {
	if request.Task.TargetVolumes == nil {
		return nil, nil
	}
	_, _, plan, err := begin(request)
	if err != nil {
		return nil, err
	}
	out, err := resolved(request.Task.TargetVolumes, variables(request, plan))
	if err != nil {
		return nil, fmt.Errorf("resolving targetVolumes of task %s: %w", request.Task.Name, err)
	}
	return out, nil
}

// begin is the part of Resolve that needs no values for ${…}.
func begin(request Request) (*addonsv1alpha1.Task, *addonsv1alpha1.Function, Plan, error) {
	task, err := Find(request.Addon, request.Direction, request.Task.Name)
	if err != nil {
		return nil, nil, Plan{}, err
	}
	function := request.Functions[task.Function]
	if function == nil {
		return nil, nil, Plan{}, &UnknownFunctionError{Addon: request.Addon.Name, Task: task.Name, Function: task.Function}
	}
	if err := unsupported(task, function); err != nil {
		return nil, nil, Plan{}, err
	}
	plan := Plan{Task: TaskName(task.Name), Driver: task.Driver, Singleton: task.Singleton}
	if plan.Driver == "" {
		plan.Driver = metav1alpha1.DriverRestic
	}
	values, problems := given(request.Task.Params)
	params, unknown, missing := settle(task.Parameters, values)
	plan.Params, plan.UnknownParams = params, unknown
	problems = append(problems, missing...)
	problems = append(problems, plan.interpret(!runs(function))...)
	if len(problems) > 0 {
		return nil, nil, Plan{}, &ParameterError{Addon: request.Addon.Name, Task: plan.Task, Problems: problems}
	}
	return task, function, plan, nil
}

// Find looks a task up by its name or an alias of it. The error is an *UnknownTaskError.
func Find(addon *addonsv1alpha1.Addon, direction Direction, name string) (*addonsv1alpha1.Task, error) {
	tasks := addon.Spec.BackupTasks
	if direction == Restore {
		tasks = addon.Spec.RestoreTasks
	}
	for i := range tasks {
		if tasks[i].Name == name {
			return &tasks[i], nil
		}
	}
	known := make([]string, 0, len(tasks))
	for i := range tasks {
		if TaskName(tasks[i].Name) == TaskName(name) {
			return &tasks[i], nil
		}
		known = append(known, tasks[i].Name)
	}
	return nil, &UnknownTaskError{Addon: addon.Name, Task: name, Direction: direction, Known: known}
}

// variables puts values for ${…} together; what comes later wins.
func variables(request Request, plan Plan) func(string) (string, bool) {
	vars := map[string]string{
		metav1alpha1.VarInterimVolume:     metav1alpha1.VolumeInterim,
		metav1alpha1.VarResticCacheVolume: metav1alpha1.VolumeTmp,
		metav1alpha1.VarTaskName:          plan.Task,
	}
	maps.Copy(vars, request.Vars)
	for _, variable := range request.Task.Variables {
		// A value from elsewhere is known in the container only.
		if variable.ValueFrom == nil {
			vars[variable.Name] = variable.Value
		}
	}
	maps.Copy(vars, plan.Params)
	return template.Map(vars)
}

func resolveFunction(
	function *addonsv1alpha1.Function, taskVariables []corev1.EnvVar, vars func(string) (string, bool),
) (Function, error) {
	spec := function.Spec
	out := Function{
		Name: function.Name, WorkingDir: spec.WorkingDir, RuntimeSettings: spec.RuntimeSettings.DeepCopy(),
		VolumeMounts: spec.VolumeMounts, VolumeDevices: spec.VolumeDevices, Ports: spec.Ports,
	}
	fail := func(what string, err error) (Function, error) {
		return Function{}, fmt.Errorf("resolving %s of function %s: %w", what, function.Name, err)
	}
	var err error
	if out.Image, err = template.Resolve(spec.Image, vars); err != nil {
		return fail("image", err)
	}
	if out.Command, err = resolved(spec.Command, vars); err != nil {
		return fail("command", err)
	}
	if out.Args, err = resolved(spec.Args, vars); err != nil {
		return fail("args", err)
	}
	if out.RuntimeSettings != nil {
		out.Env = out.RuntimeSettings.Env
		out.RuntimeSettings.Env = nil
	}
	for _, variable := range taskVariables {
		out.Env = withEnv(out.Env, variable)
	}
	return out, nil
}

func withEnv(env []corev1.EnvVar, variable corev1.EnvVar) []corev1.EnvVar {
	for i := range env {
		if env[i].Name == variable.Name {
			env[i] = variable
			return env
		}
	}
	return append(env, variable)
}

func resolveVolumes(
	request Request, templates []addonsv1alpha1.VolumeTemplate, vars func(string) (string, bool),
) ([]Volume, error) {
	defaults, err := resolved(templates, vars)
	if err != nil {
		return nil, fmt.Errorf("resolving volumeTemplate of addon %s: %w", request.Addon.Name, err)
	}
	overrides, err := resolved(request.Task.AddonVolumes, vars)
	if err != nil {
		return nil, fmt.Errorf("resolving addonVolumes of task %s: %w", request.Task.Name, err)
	}
	volumes := make([]Volume, 0, len(defaults))
	for _, volume := range defaults {
		volumes = append(volumes, Volume{Name: volume.Name, Source: source(volume.Source)})
	}
	for _, override := range overrides {
		found := false
		for i := range volumes {
			if volumes[i].Name == override.Name {
				volumes[i].Source, found = source(override.Source), true
			}
		}
		if !found {
			names := make([]string, 0, len(volumes))
			for _, volume := range volumes {
				names = append(names, volume.Name)
			}
			return nil, fmt.Errorf("resolving addonVolumes of task %s: there is no volume %q to replace; the task has %v",
				request.Task.Name, override.Name, names)
		}
	}
	return volumes, nil
}

// source of a volume; one that says nothing is an empty directory.
func source(declared *metav1alpha1.AddonVolumeSource) metav1alpha1.AddonVolumeSource {
	if declared == nil || reflect.ValueOf(*declared).IsZero() {
		return metav1alpha1.AddonVolumeSource{VolumeSource: metav1alpha1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}
	}
	return *declared
}

// resolved resolves every string of a value, through its JSON form.
func resolved[T any](value T, vars func(string) (string, bool)) (T, error) {
	var none T
	raw, err := json.Marshal(value)
	if err != nil {
		return none, fmt.Errorf("encoding: %w", err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return none, fmt.Errorf("decoding: %w", err)
	}
	tree, err = template.ResolveTree(tree, vars)
	if err != nil {
		return none, err
	}
	if raw, err = json.Marshal(tree); err != nil {
		return none, fmt.Errorf("encoding: %w", err)
	}
	var out T
	if err := json.Unmarshal(raw, &out); err != nil {
		return none, fmt.Errorf("decoding: %w", err)
	}
	return out, nil
}

// runs says that a Function has a program of its own: a producer or consumer of a stream.
func runs(function *addonsv1alpha1.Function) bool {
	return len(function.Spec.Command)+len(function.Spec.Args) > 0
}
