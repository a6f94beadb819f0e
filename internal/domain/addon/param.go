// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package addon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"sort"
	"strconv"

	"k8s.io/apimachinery/pkg/runtime"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// given reads the params of a session. Values are strings in practice; what YAML makes of an unquoted true or
// 5 is taken for the text that stood there, and a list for the comma-separated text.
func given(raw *runtime.RawExtension) (map[string]string, []string) {
	if raw == nil || len(bytes.TrimSpace(raw.Raw)) == 0 || string(bytes.TrimSpace(raw.Raw)) == "null" {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw.Raw))
	decoder.UseNumber()
	var tree map[string]any
	if err := decoder.Decode(&tree); err != nil {
		return nil, []string{"params is not an object of names and values"}
	}
	values := make(map[string]string, len(tree))
	var problems []string
	for name, value := range tree {
		if value == nil {
			continue
		}
		text, ok := scalar(value)
		if items, isList := value.([]any); isList {
			text, ok = joined(items)
		}
		if !ok {
			problems = append(problems, fmt.Sprintf("%s must be a text", name))
			continue
		}
		values[name] = text
	}
	sort.Strings(problems)
	return values, problems
}

func scalar(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	default:
		return "", false
	}
}

func joined(items []any) (string, bool) {
	texts := make([]string, 0, len(items))
	for _, item := range items {
		text, ok := scalar(item)
		if !ok {
			return "", false
		}
		texts = append(texts, text)
	}
	return unlisted(texts), true
}

// settle puts together what the session gives and what the Addon defines. A parameter with neither stays away,
// so that the default in the Function's args takes effect.
func settle(defined []metav1alpha1.ParameterDefinition, given map[string]string) (params map[string]string, unknown, problems []string) {
	params = map[string]string{}
	known := map[string]bool{}
	for _, definition := range defined {
		known[definition.Name] = true
		value, isGiven := given[definition.Name]
		switch {
		case isGiven:
			params[definition.Name] = value
		case definition.Default != "":
			params[definition.Name] = definition.Default
		case definition.Required:
			problems = append(problems, definition.Name+" is required"+usage(definition))
		}
	}
	for name := range given {
		if !known[name] {
			unknown = append(unknown, name)
		}
	}
	sort.Strings(unknown)
	return params, unknown, problems
}

func usage(definition metav1alpha1.ParameterDefinition) string {
	if definition.Usage == "" {
		return ""
	}
	return " (" + definition.Usage + ")"
}

// interpret reads the parameters that mean the same in every task. copiesFiles says that the mover itself reads
// or writes files, so that paths and args are restic's.
func (p *Plan) interpret(copiesFiles bool) []string {
	var problems []string
	p.Exclude, p.Include = list(p.Params[ParamExclude]), list(p.Params[ParamInclude])
	for _, item := range list(p.Params[ParamPaths]) {
		if copiesFiles && !path.IsAbs(item) {
			problems = append(problems, fmt.Sprintf("%s: %q is not absolute", ParamPaths, item))
			continue
		}
		if cleaned := path.Clean(item); !slices.Contains(p.Paths, cleaned) {
			p.Paths = append(p.Paths, cleaned)
		}
	}
	p.EnableCache = true
	if value := p.Params[ParamEnableCache]; value != "" {
		enabled, err := strconv.ParseBool(value)
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s is %q, not true or false", ParamEnableCache, value))
		}
		p.EnableCache = enabled
	}
	if p.ScratchDir = p.Params[ParamScratchDir]; p.ScratchDir == "" {
		p.ScratchDir = metav1alpha1.MountPathTmp
	}
	if !path.IsAbs(p.ScratchDir) {
		problems = append(problems, fmt.Sprintf("%s: %q is not absolute", ParamScratchDir, p.ScratchDir))
	}
	switch value := p.Params[ParamOnReadError]; value {
	case "", OnReadErrorFail:
		p.OnReadError = OnReadErrorFail
	case OnReadErrorWarn:
		p.OnReadError = OnReadErrorWarn
	default:
		problems = append(problems, fmt.Sprintf("%s is %q, not %s or %s", ParamOnReadError, value, OnReadErrorFail, OnReadErrorWarn))
	}
	if copiesFiles {
		args, err := words(p.Params[ParamArgs])
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", ParamArgs, err))
		}
		p.ResticArgs = args
	}
	return problems
}
