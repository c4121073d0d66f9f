// SPDX-License-Identifier: Apache-2.0
/** A destination's messages in memory, in their order: no I/O, no clock, no thread. */
@NullMarked
package dev.outboxrelay.relay.ordering;

import org.jspecify.annotations.NullMarked;
