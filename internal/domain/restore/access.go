// Copyright The KubeStash Authors.
// SPDX-License-Identifier: Apache-2.0

package restore

import (
	"fmt"

	metav1alpha1 "kubestash.com/kubestash/api/meta/v1alpha1"
)

// Access is who asks for whose data. References name their namespaces.
type Access struct {
	// Namespace is the RestoreSession's.
	Namespace string
	// Source is the Repository's namespace.
	Source string
	// Sharer is another namespace with a Repository of its own in the same directory; empty when there is none. It keeps
	// a Repository that somebody wrote by hand from opening what is another namespace's.
	Sharer string
	// Named is the encryption Secret that the session names, Own the Repository's; each may be nil.
	Named, Own *metav1alpha1.ObjectReference
}

// Refused says why the session may not have the data decrypted; empty when it may.
//
// The operator can read every Secret, and a session's author can't. So a session has other namespaces' data decrypted
// only with a password that somebody has put into its own namespace: who knows it may read the data, and nobody else.
// At home it may also use the Secret that the Repository itself names, as backups do.
func (a Access) Refused() string {
	owner := a.Source
	if a.Source == a.Namespace {
		owner = a.Sharer
	}
	switch {
	case owner != "" && a.Named == nil:
		return fmt.Sprintf("The data belongs to namespace %s: name an encryption Secret of namespace %s that holds its password, "+
			"in spec.dataSource.encryptionSecret.", owner, a.Namespace)
	case owner != "" && a.Named.Namespace != a.Namespace:
		return fmt.Sprintf("The data belongs to namespace %s, so the encryption Secret that spec.dataSource names must be in namespace %s, not in %s: "+
			"put the password into a Secret there.", owner, a.Namespace, a.Named.Namespace)
	case a.Named == nil || a.Named.Namespace == a.Namespace || a.Own != nil && *a.Named == *a.Own:
		return ""
	default:
		return fmt.Sprintf("The encryption Secret %s/%s is in another namespace, and is not the one that the Repository names; "+
			"put the password into a Secret of namespace %s.", a.Named.Namespace, a.Named.Name, a.Namespace)
	}
}
