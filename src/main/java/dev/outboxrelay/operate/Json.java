// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

/**
 * A value that is JSON already.
 *
 * @param text as the database wrote it
 */
public record Json(String text) {}
