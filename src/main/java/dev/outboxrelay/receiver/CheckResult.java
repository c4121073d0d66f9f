// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

/**
 * One line of a checklist.
 *
 * @param item its name, as in docs/reference/protocol.md
 * @param passed whether the other side did what it should
 * @param detail what was seen
 */
public record CheckResult(String item, boolean passed, String detail) {}
