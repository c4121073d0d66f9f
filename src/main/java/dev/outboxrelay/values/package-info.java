// SPDX-License-Identifier: Apache-2.0
/**
 * The nouns that every other package speaks: destinations, changes, messages. Depends on nothing of
 * ours.
 */
@NullMarked
package dev.outboxrelay.values;

import org.jspecify.annotations.NullMarked;
