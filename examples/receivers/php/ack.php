<?php
// A receiver that acknowledges: for a destination as it is by default.
//   php ack.php 4000
$port = $argv[1] ?? 4000;
$server = stream_socket_server("tcp://0.0.0.0:$port", $errno, $error) or exit("$error\n");
$relays = []; // open connections
$rests = [];  // what has come of each one's next line

function answer(string $line): array
{
    $message = json_decode($line);
    if ($message === null) { // PHP cannot read every JSON: a surrogate that stands alone
        preg_match('/^\{"id":"([^"]+)"/', $line, $id);
        return ['nack' => $id[1] ?? '', 'reason' => json_last_error_msg(), 'retry' => false];
    }
    echo "$line\n"; // the work; answer when it is done for good
    return ['ack' => $message->id];
}

while (true) {
    $readable = [$server, ...$relays];
    $none = null;
    stream_select($readable, $none, $none, null);
    foreach ($readable as $socket) {
        $number = (int) $socket;
        if ($socket === $server) {
            $relay = @stream_socket_accept($server, 0);
            if ($relay) {
                $relays[(int) $relay] = $relay;
                $rests[(int) $relay] = '';
            }
            continue;
        }
        $data = @fread($socket, 65536);
        if ($data === false || $data === '') { // the end; what is left is no message
            fclose($socket);
            unset($relays[$number], $rests[$number]);
            continue;
        }
        $lines = explode("\n", $rests[$number] . $data);
        $rests[$number] = array_pop($lines);
        foreach ($lines as $line) {
            @fwrite($socket, json_encode(answer($line)) . "\n");
        }
    }
}
