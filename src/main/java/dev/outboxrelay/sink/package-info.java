// SPDX-License-Identifier: Apache-2.0
/**
 * How messages leave: the interface that the relay uses, with one sub-package a transport. Knows
 * nothing of the database.
 */
@NullMarked
package dev.outboxrelay.sink;

import org.jspecify.annotations.NullMarked;
