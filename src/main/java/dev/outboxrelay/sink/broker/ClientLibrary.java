// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

/**
 * A client library that need not be there.
 *
 * @param type one of its classes
 * @param jar the name of its jar, without a version
 * @param folder where the distribution has it
 */
public record ClientLibrary(String type, String jar, String folder) {

  /**
   * Says what is missing.
   *
   * @throws IllegalArgumentException when it is not there
   */
  public void require() {
    try {
      Class.forName(type, false, ClientLibrary.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      throw new IllegalArgumentException(
          jar
              + " is not part of this installation: start bin/outbox-relay of the distribution,"
              + " which has it in lib/"
              + folder,
          e);
    }
  }
}
