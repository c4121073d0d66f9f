// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

/**
 * Who is at the other end.
 *
 * @param token by which the person came in
 * @param ticket as the browser holds it
 * @param client the address that the request came from
 */
record Person(Token token, String ticket, String client) {

  String name() {
    return token.name();
  }

  Role role() {
    return token.role();
  }

  void mustBeOperator() {
    if (role() != Role.OPERATOR) {
      throw new Problem(
          403,
          name() + " may look and not act: the role is " + role().word(),
          "log in with a token whose role is operator");
    }
  }

  @Override
  public String toString() {
    return name() + " (" + role().word() + ", " + client + ")";
  }
}
