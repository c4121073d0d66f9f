// SPDX-License-Identifier: Apache-2.0
/**
 * What tests share: a database, a receiver that does what it is told, a network that fails on
 * command.
 */
@NullMarked
package dev.outboxrelay.testing;

import org.jspecify.annotations.NullMarked;
