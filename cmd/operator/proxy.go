// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/url"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
)

// proxyVariables tell programs the way to the network. OLM sets the first three where a cluster has a proxy.
var proxyVariables = []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}

// proxies are the variables of an environment that every mover needs too, in the order above. One with a password is left out: whoever may read a
// pod could read it there.
func proxies(log logr.Logger, environ []string) []corev1.EnvVar {
	values := map[string]string{}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok && value != "" && slices.Contains(proxyVariables, name) {
			values[name] = value
		}
	}
	var out []corev1.EnvVar
	for _, name := range proxyVariables {
		value, isSet := values[name]
		if !isSet {
			continue
		}
		if hasPassword(value) {
			log.Info("The proxy of the pods that move bytes has to be set in their runtimeSettings, from a Secret: that of the operator has a password",
				"variable", name)
			continue
		}
		out = append(out, corev1.EnvVar{Name: name, Value: value})
	}
	return out
}

// hasPassword is also true of what can't be read and may hold one.
func hasPassword(value string) bool {
	if !strings.Contains(value, "@") {
		return false
	}
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil {
		return true
	}
	_, isSet := u.User.Password()
	return isSet
}
