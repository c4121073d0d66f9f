// SPDX-License-Identifier: Apache-2.0
/** A PostgreSQL server inside the process, for the demo, the bench and the tests. */
@NullMarked
package dev.outboxrelay.embedded;

import org.jspecify.annotations.NullMarked;
