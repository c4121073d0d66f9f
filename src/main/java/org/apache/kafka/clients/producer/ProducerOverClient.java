// SPDX-License-Identifier: Apache-2.0
package org.apache.kafka.clients.producer;

import org.apache.kafka.clients.ApiVersions;
import org.apache.kafka.clients.KafkaClient;
import org.apache.kafka.clients.producer.internals.ProducerMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Time;

/**
 * A producer that connects by a client of the relay's own, which checks each address. The library
 * keeps the constructor for it to its own package, so this one class stands there.
 */
public final class ProducerOverClient extends KafkaProducer<byte[], byte[]> {

  /**
   * @param config as for any producer
   * @param metadata what the client updates
   * @param client what is sent through
   * @param versions what the client learns of each broker
   */
  public ProducerOverClient(
      ProducerConfig config, ProducerMetadata metadata, KafkaClient client, ApiVersions versions) {
    super(
        config,
        new ByteArraySerializer(),
        new ByteArraySerializer(),
        metadata,
        client,
        null,
        versions,
        Time.SYSTEM);
  }
}
