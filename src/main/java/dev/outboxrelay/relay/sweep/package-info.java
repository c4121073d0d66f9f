// SPDX-License-Identifier: Apache-2.0
/** The scheduled look at everything owed, and at what people have changed. */
@NullMarked
package dev.outboxrelay.relay.sweep;

import org.jspecify.annotations.NullMarked;
