// SPDX-License-Identifier: Apache-2.0
/**
 * The engine as it is, over a database, a network, people and a clock that are the test's own: one
 * thread, one seed, and the same again for the same seed.
 */
@NullMarked
package dev.outboxrelay.simulation;

import org.jspecify.annotations.NullMarked;
