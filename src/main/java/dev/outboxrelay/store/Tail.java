// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

/**
 * What a tail read found.
 *
 * @param snapshot everything visible in it, of the destinations asked for, has now been read,
 *     unless {@code overflow}
 * @param overflow there was more than the limit; {@code batch} is empty, and the window has to be
 *     paged
 * @param batch what was not visible in the last snapshot
 */
public record Tail(String snapshot, boolean overflow, Batch batch) {}
