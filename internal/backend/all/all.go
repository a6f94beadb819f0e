// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package all

import (
	"fmt"
	"strings"

	"kubestash.com/kubestash/internal/backend"
	"kubestash.com/kubestash/internal/backend/local"
	"kubestash.com/kubestash/internal/backend/s3"
	"kubestash.com/kubestash/internal/engine"
)

// Backends returns every backend, in the order in which people are told of them.
func Backends() []backend.Backend {
	return []backend.Backend{local.Backend{}, s3.Backend{}}
}

// Find returns the backend of a provider. Its error lists the providers that there are.
func Find(provider string) (backend.Backend, error) {
	var known []string
	for _, b := range Backends() {
		if b.Provider() == provider {
			return b, nil
		}
		known = append(known, b.Provider())
	}
	say := fmt.Sprintf("storage provider %q is not supported", provider)
	if provider == "" {
		say = "no storage provider is named"
	}
	return nil, &engine.Error{Class: engine.ClassInvalidTask, Message: say + "; supported are " + strings.Join(known, " and ")}
}
