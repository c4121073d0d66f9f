// SPDX-License-Identifier: Apache-2.0
/**
 * The bench: scenarios that measure the relay as users run it, each against a baseline, on a
 * PostgreSQL of their own.
 */
@NullMarked
package dev.outboxrelay.bench;

import org.jspecify.annotations.NullMarked;
