// SPDX-License-Identifier: Apache-2.0
/**
 * A receiver to try and test with: prints what arrives, acknowledges, or misbehaves as asked. Not
 * part of the relay.
 */
@NullMarked
package dev.outboxrelay.receiver;

import org.jspecify.annotations.NullMarked;
