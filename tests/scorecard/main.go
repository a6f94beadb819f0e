// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	scapiv1alpha3 "github.com/operator-framework/api/pkg/apis/scorecard/v1alpha3"
)

// limit is how long a test may take. It ends before scorecard's own patience, so that it can say why.
const limit = 4 * time.Minute

// tests are what config/scorecard names. Each reports what it has seen.
var tests = map[string]func(ctx context.Context, o *operator, say func(string, ...any)) error{
	"auto-backup":         autoBackup,
	"retention":           retention,
	"unreachable-storage": unreachableStorage,
	"rights":              rights,
	"metrics":             metrics,
}

// commands are what applications do, in a folder.
var commands = map[string]func(ctx context.Context, folder string) error{"plant": plant, "stay": stay, "check": check}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, out, errs io.Writer) int {
	if len(args) == 2 && commands[args[0]] != nil {
		if err := commands[args[0]](ctx, args[1]); err != nil {
			fmt.Fprintln(errs, err)
			return 1
		}
		return 0
	}
	if len(args) != 1 || tests[args[0]] == nil {
		fmt.Fprintf(errs, "usage: scorecard TEST\nTEST is one of %s\n", strings.Join(slices.Sorted(maps.Keys(tests)), ", "))
		return 2
	}
	status := scapiv1alpha3.TestStatus{Results: []scapiv1alpha3.TestResult{try(ctx, args[0])}}
	if err := json.NewEncoder(out).Encode(status); err != nil {
		fmt.Fprintln(errs, err)
		return 1
	}
	return 0
}

// try does a test. One that fails says why and is a result, too: scorecard takes a pod without one for a defect of its own.
func try(ctx context.Context, name string) scapiv1alpha3.TestResult {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	result := scapiv1alpha3.TestResult{Name: name, State: scapiv1alpha3.PassState}
	var log []string
	o, err := find(ctx)
	if err == nil {
		err = tests[name](ctx, o, func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) })
	}
	if err == nil && len(log) == 0 {
		err = fmt.Errorf("test %s has looked at nothing", name)
	}
	if err != nil {
		result.State, result.Errors = scapiv1alpha3.FailState, []string{err.Error()}
	}
	result.Log = strings.Join(log, "\n")
	return result
}
