import { keyProviderContract } from '../../contracts/key-provider';
import { localKms } from './local-kms';

keyProviderContract('KmsKeyProvider over the local KMS', async () => localKms());
