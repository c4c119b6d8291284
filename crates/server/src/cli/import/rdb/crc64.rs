//! The checksum at the end of an RDB: CRC-64 with the polynomial of Jones, reflected, nothing added before or after.
//!
//! Eight bytes at a time by eight tables, since a file of gigabytes is summed twice.

/// The polynomial, lowest bit first.
const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;

/// `TABLES[n][byte]`: what a byte does to the sum when `n` more bytes follow it.
static TABLES: [[u64; 256]; 8] = tables();

const fn tables() -> [[u64; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ POLYNOMIAL } else { sum >> 1 };
            bit += 1;
        }
        tables[0][byte] = sum;
        byte += 1;
    }
    let mut behind = 1;
    while behind < 8 {
        let mut byte = 0;
        while byte < 256 {
            let sum = tables[behind - 1][byte];
            tables[behind][byte] = sum >> 8 ^ tables[0][sum as usize & 0xff];
            byte += 1;
        }
        behind += 1;
    }
    tables
}

/// The sum of what was summed before, 0 at the beginning, and these bytes.
pub(super) fn append(mut sum: u64, bytes: &[u8]) -> u64 {
    let (eights, rest) = bytes.as_chunks::<8>();
    for eight in eights {
        let mixed = sum ^ u64::from_le_bytes(*eight);
        let of = |behind: usize, shift: u32| TABLES[behind][(mixed >> shift) as usize & 0xff];
        sum = of(7, 0) ^ of(6, 8) ^ of(5, 16) ^ of(4, 24) ^ of(3, 32) ^ of(2, 40) ^ of(1, 48) ^ of(0, 56);
    }
    for byte in rest {
        sum = sum >> 8 ^ TABLES[0][usize::from(sum as u8 ^ byte)];
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sum_that_redis_makes() {
        assert_eq!(append(0, b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(append(0, b""), 0);
    }

    #[test]
    fn pieces_sum_up_to_the_whole() {
        let bytes: Vec<u8> = (0..100u8).map(|n| n.wrapping_mul(37)).collect();
        let whole = append(0, &bytes);
        for cut in 0..bytes.len() {
            assert_eq!(append(append(0, &bytes[..cut]), &bytes[cut..]), whole, "cut at {cut}");
        }
    }
}
