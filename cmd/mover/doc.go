// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Command mover answers: how does a pod get its one Task done?
//
// It is the entrypoint of the mover's image. Standard output carries progress, one JSON document per line;
// standard error carries what a person may want to read; the Report goes into the termination message.
package main
