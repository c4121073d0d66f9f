// SPDX-License-Identifier: Apache-2.0
/**
 * The torture harness: writers, relays as processes, a PostgreSQL that is killed, receivers and
 * networks that fail, and a checker that knows nothing of the relay's code.
 */
@NullMarked
package dev.outboxrelay.torture;

import org.jspecify.annotations.NullMarked;
