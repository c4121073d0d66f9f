// SPDX-License-Identifier: Apache-2.0
/** A destination's connection: what is in flight on it, and how the receiver does. */
@NullMarked
package dev.outboxrelay.relay.delivery;

import org.jspecify.annotations.NullMarked;
