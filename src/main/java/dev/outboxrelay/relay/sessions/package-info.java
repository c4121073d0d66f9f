// SPDX-License-Identifier: Apache-2.0
/** The control sessions: the lock lease, the listening session, and the doorbells. */
@NullMarked
package dev.outboxrelay.relay.sessions;

import org.jspecify.annotations.NullMarked;
