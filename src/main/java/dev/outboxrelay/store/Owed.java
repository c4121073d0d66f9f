// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

/**
 * What the database holds for a destination.
 *
 * @param pausedByRelay a relay has paused it, and a person is to look
 * @param messages that are owed, those that were set aside not counted; beyond 10,000 an estimate
 * @param bytes of the stored rows of these
 * @param oldestSeconds the age of the first of these that may be sent; 0 when there is none
 * @param held of these wait behind a refused message of their key
 * @param failed were set aside, so are not owed
 * @param failedBytes of the stored rows of these
 * @param maxBytes the limit of both; 0 when there is none
 * @param expired how many were set aside so far, since they were too old to be sent
 * @param expiredFailed how many were given up so far, since they had failed for too long
 */
public record Owed(
    String destination,
    boolean paused,
    boolean pausedByRelay,
    long messages,
    long bytes,
    double oldestSeconds,
    long held,
    long failed,
    long failedBytes,
    long maxBytes,
    long expired,
    long expiredFailed) {}
