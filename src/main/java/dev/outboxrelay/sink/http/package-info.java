// SPDX-License-Identifier: Apache-2.0
/**
 * Messages as HTTP requests: Standard Webhooks, and CloudEvents in binary or structured mode. Knows
 * nothing of the database.
 */
@NullMarked
package dev.outboxrelay.sink.http;

import org.jspecify.annotations.NullMarked;
