// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

// Package image answers: what does a container image hold, and how does it get into the local registry?
//
// Images from files are put together by ourselves and have the same digest every time; Dockerfiles are built by buildah; a userland of Debian
// packages is made by mmdebstrap, or unpacked from single packages where no installation is needed.
package image
