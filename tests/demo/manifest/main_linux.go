// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"kubestash.com/kubestash/tests/demo/tree"
)

// seed makes the demo's tree the same everywhere.
const seed = 2026

const usage = `usage:
  manifest plant FOLDER   fill an existing folder with files of all kinds, always the same ones
  manifest list FOLDER    print one line for each file: type, mode, owner, time, content hash, link target`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "manifest:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New(usage)
	}
	switch args[0] {
	case "plant":
		return tree.Plant(args[1], seed, os.Geteuid() == 0)
	case "list":
		entries, err := tree.List(args[1])
		if err != nil {
			return err
		}
		w := bufio.NewWriter(os.Stdout)
		return errors.Join(tree.Encode(w, entries), w.Flush())
	}
	return errors.New(usage)
}
